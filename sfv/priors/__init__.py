"""Generative priors: motions from a sentence, a path or nothing, as references like any other."""
