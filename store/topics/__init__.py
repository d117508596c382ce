"""Topics: what the articles name and argue about.

Members browse topics, autocomplete them, and get them as suggestions. `mentions` extracts names
from one article, `catalogue` combines those of all articles into topics, `stored` keeps the topics
in the database, and `typeahead` finds topics while somebody types.
"""

from store.topics.catalogue import catalogue
from store.topics.typeahead import Typeahead

__all__ = ["Typeahead", "catalogue"]
