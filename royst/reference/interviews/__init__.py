"""Two synthetic sub-studies of interviews: 23 people aged 65 and over, and 21 aged 18–23. Invented people, invented words; every file says so."""
