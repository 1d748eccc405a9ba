"""Whether use-case data is worth asking: right answers pass its hidden tests, wrong ones fail them."""
