"""The use cases: each verb a person has, the same for the browser and the terminal."""
