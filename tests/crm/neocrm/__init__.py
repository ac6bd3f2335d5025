"""销售易 (Neocrm): its extraction and its part of the warehouse, against its stand-in."""
