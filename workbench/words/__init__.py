"""What is said, as text and nothing else: numbers, lines, tables and accounts that commands print and screens show."""
