"""The usual ways of doing what orders and inventory do with an order's flow, to stand beside them: the same rules, contracts,
topics and tables, and right in a run without faults. They are to be measured, and nothing else.
"""
