"""One known company, and what the five CRMs would tell of it over HTTP, night by night."""
