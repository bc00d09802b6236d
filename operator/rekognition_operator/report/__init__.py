"""The page that `rekognition-operator report` writes. Needs the extra ``report``: matplotlib and jinja2."""
