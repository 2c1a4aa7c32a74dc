"""Reading YAML and JSON into trees that know where every value stands; shared by the project and manifest rooms."""
