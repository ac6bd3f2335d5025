"""The report's charts: one module a picture, each turns a section's values into an Altair chart.

All are as wide as a phone's column and stand two abreast where there is room, so no chart needs a
second drawing. What stands beside them is the page's business.
"""
