"""How much accuracy does one more parameter buy on MNIST? The library behind the experiments."""
