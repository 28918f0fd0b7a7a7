"""What the tests of whole programs share: building them, watching them, and reading their labels."""
