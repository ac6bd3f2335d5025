"""The bundled sample and the generator of invented companies that stands behind it."""
