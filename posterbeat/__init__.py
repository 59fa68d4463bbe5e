"""posterbeat: a movie poster goes in, an original soundtrack comes out."""
