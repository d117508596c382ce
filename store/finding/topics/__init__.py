"""Topics: what the articles name and argue about, to browse, to complete and to suggest.

`mentions` reads one article, `catalogue` puts together what all of them mention, `stored` keeps
that in the database, and `typeahead` finds a topic while somebody types.
"""

from store.finding.topics.catalogue import acronyms, catalogue
from store.finding.topics.typeahead import Typeahead

__all__ = ["Typeahead", "acronyms", "catalogue"]
