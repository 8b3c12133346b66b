"""What is sold: stores, products with variants, prices per channel, stock, and the listings that pages read.

Everything is written in bulk, because imports bring ten thousand products as one page edit brings one.
"""
