"""Plans, reports, problems and kinds as text or JSON for people and machines. Pure: values in, strings out."""
