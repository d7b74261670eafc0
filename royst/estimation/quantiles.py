"""Weighted quantiles with Woodruff's interval, as R's ``svyquantile`` of survey 4 (``qrule = "math"``, ``"mean"``)."""
