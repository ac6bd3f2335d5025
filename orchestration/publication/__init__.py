"""What analysts see: releases, swapped in as a whole."""
