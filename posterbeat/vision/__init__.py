"""poster -> genre probabilities. Importing this package registers the networks with timm."""

from posterbeat.vision import cnn, lenet, posternet, resnet20  # noqa: F401  imported for what they register

NETWORKS = ("posternet", "poster_lenet", "poster_resnet20", "poster_cnn")
