"""What goes over the wire: marshmallow schemas for requests and answers of the API."""
