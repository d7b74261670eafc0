"""What people said: sub-studies with consent, transcripts, codes, agreement, themes, quotes and exchange with other tools."""
