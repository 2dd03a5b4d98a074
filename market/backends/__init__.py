"""The real servers beneath a production market, started from packages or containers where no address names them."""
