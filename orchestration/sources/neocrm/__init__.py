"""销售易 (Neocrm): its account, its objects, and how each is pulled."""
