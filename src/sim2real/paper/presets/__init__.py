"""Sets of parameters, one YAML file a preset."""
