"""Parts of allow-lists of usage events, as text."""

WORDS = "words: {transports: [usb, bluetooth, bridge]}\n"
"""The words that `of_each_type` speaks of."""


def of_each_type(event: str) -> str:
    """Write an event with an attribute of each type; it stands below `events:`."""
    return f"""\
  {event}:
    description: An event with an attribute of each type.
    attributes:
      flag: {{type: boolean, description: A flag.}}
      count: {{type: integer, max: 20, description: A count.}}
      many: {{type: integer, buckets: [1, 10, 100], description: A count in buckets.}}
      seconds: {{type: number, buckets: [0.5, 2], description: A time.}}
      transport: {{type: word, values: transports, description: A word.}}
      transports: {{type: words, values: transports, description: Words.}}
      firmware: {{type: version, description: A version.}}
      language: {{type: language, description: A language, describes: true}}
      colour: {{type: text, max_length: 128, description: A text.}}
    examples:
      - {{query: 'flag=true&count=7', keeps: {{flag: true, count: 7}}}}
"""
