"""Where records come from: one package a kind of source, and the assets that extract them."""
