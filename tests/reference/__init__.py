"""A plain, slow reading of the data contract and of its table of cases.

Lists and dictionaries, one record at a time, no SQL: what the warehouse's models must come to on
small companies. Nothing here is used by the product, and nothing of the product is used here.
"""
