"""Rights 数据资产登记评价: who holds which right in what, and what lies upon it."""
