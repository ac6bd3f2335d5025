"""The report: one HTML file that shows a published night to the people who sell.

``sections`` reads the marts, ``charts`` draws, ``wording`` speaks, ``page`` puts them together.
Nothing is computed here that a mart says: a figure of the page stands in a published table.
"""
