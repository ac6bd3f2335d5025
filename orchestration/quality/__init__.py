"""What a night must look like to be published, and the record of how it did."""
