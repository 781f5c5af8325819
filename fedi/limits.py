"""Every number a stranger can reach: sizes, counts and rates. What an owner may change is in Config and only defaults here.

Source: DOS; FEDERATION.md, Limits: what other servers are known to keep.
"""

# -- documents from the wire --
BODY_BYTES = 1024 * 1024  # an inbox body, an API body, a fetched document
JSON_DEPTH = 32
SENT_BYTES = 60 * 1024  # Misskey refuses inbox bodies over 64 KiB
URI_CHARS = 2048
RECIPIENTS = 1000  # to + cc
MENTIONS = 50
TAGS = 50
ATTACHMENTS = 16
EMOJIS = 100
EMOJIS_PER_HOST = 20_000
CATEGORY_CHARS = 60
HTML_BYTES = 64 * 1024  # above: stripped to text
HTML_MARKUP = 2000  # `<` characters; above: stripped to text
HTML_DEPTH = 64
CONTENT_CHARS = 150_000
NAME_CHARS = 500
USERNAME_CHARS = 64
BIO_CHARS = 20_000
FIELDS = 50
FIELD_CHARS = 2047
ALT_CHARS = 10_000  # Mastodon keeps as many
WARNING_CHARS = 5_000
ALIASES = 256
ATTRIBUTION_DOMAINS = 100  # sites that may name somebody as author
REPORT_CHARS = 5_000
REPORTED_OBJECTS = 100
COMPLAINT_CHARS = 1_000  # of a report by somebody here
GROUPS_TOLD = 5  # communities that hear of one report
ANNOUNCEMENTS = 100
ANNOUNCEMENT_CHARS = 10_000
ANNOUNCEMENT_REACTIONS = 8  # different ones under an announcement; Mastodon has as many
NOTIFICATIONS_AT_ONCE = 200  # that a program dismisses with one request
ABSTRACT_CHARS = 1_000  # of an article: what stands above its text
FACT_CHARS = 300  # a place, an address, the title of a book
LINKS = 8  # pages a post names beside its text

# -- moving --
MOVE_DAYS = 7  # between two moves of one account
OWN_ALIASES = 16  # of a local account
IMPORT_LINES = 20_000  # of a list that somebody brings
IMPORT_BYTES = 2 * 1024 * 1024
POLICY_ENTRIES = 100  # actors and collections in one list of an interaction policy
QUOTE_HOPS = 3  # quoted posts that are fetched in a row, because each quotes another

# -- posts of local people --
POST_CHARS = 5_000
POLL_OPTIONS = 12
POLL_OPTION_CHARS = 100
POLL_SECONDS = (5 * 60, 30 * 24 * 3600)
FEATURED_TAGS = 10
COLLECTIONS = 10  # of one person: people they recommend
COLLECTION_ITEMS = 25
COLLECTION_NAME_CHARS = 40
COLLECTION_TEXT_CHARS = 100
ENDORSEMENTS = 100  # people on one profile
NOTE_CHARS = 2_000  # that somebody keeps for themselves about another
FOLLOW_LANGUAGES = 50  # in which one wants to read somebody
ARTICLE_CHARS = 30_000  # of what has a title
SCHEDULED = 300  # posts to come of one person; Mastodon keeps as many
SCHEDULED_PER_DAY = 25
SCHEDULED_DAYS = 10 * 365  # ahead
REACTIONS = 60  # different ones under a post
REACTIONS_EACH = 5  # of one person under a post
ATTACHMENTS_LOCAL = 4  # Mastodon shows the first four and drops the rest without a word: more would be lost for most readers
ALT_CHARS_LOCAL = 1_500
USERNAME_LOCAL_CHARS = 30
USERNAME = r"[A-Za-z0-9_]{1,30}"
PASSWORD_CHARS = (8, 1024)

# -- the outgoing client --
REDIRECTS = 3
TIMEOUT_S = 10
FETCH_TOTAL_S = 30
REPLY_BYTES = 8 * 1024  # what is read of the answer to a delivery
REMOTE_IMAGE_BYTES = 8 * 1024 * 1024
REMOTE_EMOJI_BYTES = 1024 * 1024
WEBPAGE_BYTES = 1024 * 1024  # of a page that is previewed; what comes after is not read
OEMBED_BYTES = 64 * 1024
SUMMARY_CHARS = 1_000  # of what a page says of itself
CARD_LANES = 4  # previews fetched at once; one site has one
CARD_DELAY_S = 60  # before a link of a post from elsewhere is previewed, at random: not every server asks a site at the same moment
CARD_REST_POSTS = 20  # posts a second: while more arrive, links of others rest
CARD_REST_S = 300  # but no longer than this
CARD_LATE_S = 900  # what could not be fetched by then is not: newer links come first
CARD_FRESH_S = 14 * 24 * 3600  # a preview is as the page was then
CARD_EMPTY_S = 24 * 3600  # and a page that had none is not asked again
TRANSLATION_BYTES = 256 * 1024  # of what a translator answers
TRANSLATIONS_KEPT = 500
TRANSLATIONS = 60  # per hour and person: the owner may pay for them
REMOTE_FILM_BYTES = 40 * 1024 * 1024  # larger videos and recordings stay on their server
DISK_FREE_BYTES = 256 * 1024 * 1024  # with less left, no copies are made
KEY_FETCHES_PER_HOST = 10  # per minute
KEY_FETCHES = 60  # per minute
SYNCHRONIZED_S = 600  # a list of followers is read at most this often, per account
SYNCHRONIZATIONS_PER_HOST = 10  # per minute
SYNCHRONIZED_PAGES = 20
SYNCHRONIZED_ITEMS = 20_000
SYNCHRONIZED_UNDOS = 100  # said again to one account at a time
KEY_REFETCH_S = 300  # a known key is fetched again at most this often on a bad signature
NEGATIVE_KEY_S = 60
THREAD_HOPS = 50  # from an answer up to what it answers
THREAD_FETCHES = 100  # documents read to complete one thread
THREAD_ITEMS_PER_POST = 500  # answers looked at in one collection
THREAD_ITEMS = 1000  # and in all of a thread
FILL_POSTS = 40  # earlier posts of an account that are read when somebody first looks at it
FILL_PAGES = 4
FILL_FETCHES = 80
FILL_BOOSTS = 10  # of these, boosted posts of others
FEATURED = 20
BACKFILL_S = 120  # for a thread, or for the earlier posts of an account
BACKFILL_LANES = 4  # at once; one server has one
BACKFILL_QUEUE = 500  # waiting; what is asked for beyond that is asked for again another time
FORWARDED_FETCHES = 30  # per minute and host: what is fetched because a relay or a forwarder has brought it
QUOTED_FETCHES = 30  # per minute and author: quoted posts and stamps that are fetched because somebody quotes
QUOTE_RECHECK_S = 7 * 24 * 3600  # a stamp is asked for again
ORPHANS_JUDGED = 500  # answers that came before what they answer, each looked at when it comes; what is on top is held
REQUESTS_EACH = 50  # of one person about one post
REQUESTS_PENDING_EACH = 50  # of one person that wait, whoever they ask
REQUESTS_PENDING = 500  # interactions with the posts of one person here that wait for their yes; what comes on top is refused
WRAPPED = 20  # activities in one Announce of a group
WRAPPED_FETCHES = 60  # per minute and group: what it passes on of other servers is asked for there
BOOSTED_FETCHES = 30  # per minute and booster: posts that are fetched because somebody boosts them

# -- freshness of signatures, seconds --
DATE_PAST_S = 12 * 3600
DATE_FUTURE_S = 3600

# -- files people upload, and copies of others' --
UPLOAD_BYTES = 16 * 1024 * 1024  # a picture
FILM_BYTES = 40 * 1024 * 1024  # a video or recording
IMAGE_PIXELS = 33_000_000
UPLOADS_UNUSED = 60  # files of one person that no post shows (yet)
UPLOADS_AT_ONCE = 5  # of one person, being worked on
FRAMES = 600  # of an animation
ANIMATION_PIXELS = 120_000_000  # of all its frames
EMOJI_BYTES = 256 * 1024  # Mastodon takes no larger ones

# -- pages of lists --
PAGE = 20
PAGE_MAX = 40
FOLLOWED_TAGS = 500  # of one person
TIMELINE_TAGS = 20  # in one timeline: any of these, all of these, none of these
HOME_ROWS = 800  # kept per person
LISTS = 50  # of one person
LIST_MEMBERS = 1000  # of one list
LIST_CHARS = 250  # of the name of one
LIST_ROWS = 400  # posts kept per list
LIST_FILL = 40  # posts that somebody put into a list brings along
FILTERS = 100  # of one person
FILTER_CHARS = 250  # of the name of one
FILTER_KEYWORDS = 500  # in all filters of one person
FILTER_KEYWORD_CHARS = 500
FILTER_POSTS = 1000  # in all filters of one person
FILTERED_CHARS = 10_000  # of a post are compared with keywords

# -- finding --
QUERY_CHARS = 1_000  # of what is looked for; the rest is not read
QUERY_TERMS = 40
SEARCHED_CHARS = 10_000  # of a post or a biography: what can be found of it
SEARCH_OFFSET = 10_000
TRENDS = 200  # hashtags, posts and links that are kept as popular
TREND_PEOPLE = 1  # who must use or like something before it counts as popular: a small place is quiet
TRENDS_FRESH_S = 60  # what is popular is counted anew when somebody looks, at most this often
REPORT_YEARS = 20  # past years of which somebody can have a report
CAUGHT_UP = 10  # slices of the index that somebody who searches waits for

# -- programs --
SCOPES_CHARS = 20_000
APP_NAME_CHARS = 60  # Mastodon keeps as many
WEBSITE_CHARS = 2000
REDIRECT_URIS = 20
REDIRECT_URI_CHARS = 2000
STATE_CHARS = 2000
CODE_S = 60  # a code of consent becomes a token within this time, or not at all
APP_UNUSED_S = 24 * 3600  # a program nobody has let in is forgotten
REQUESTS = 300  # to the client API: per 5 minutes and token, or address where there is none of a person; five times as many per person
UPLOADS = 30  # per 30 minutes and person
DELETES = 30  # per 30 minutes and person: posts and boosts
APPS = 60  # per 30 minutes and address: programs that register
SIGN_UPS = 5  # per 30 minutes and address
SIGN_UP_REASON_CHARS = 2000
EMAIL_CHARS = 254
CONFIRMATION_S = 2 * 24 * 3600  # a link in a letter is good for this long
UNCONFIRMED_S = 7 * 24 * 3600  # who never opens it is forgotten, and the name is free again
SUBSCRIBERS = 10_000  # who get one person's posts by letter
SUBSCRIBERS_ASKED = 200  # per hour, on the whole server: addresses that are asked whether they want letters
SUBSCRIPTIONS_BY_MAIL = 5  # per 30 minutes and address
NEWSLETTERS = 180  # letters of posts that are begun at once, every quarter of an hour
NEWSLETTER_GAP_S = 5  # between two of them: the mail server is not to take us for a flood
NEWSLETTER_WAIT_S = 600  # after a post: it may be corrected
NEWSLETTER_POSTS = 20  # in a letter
NEWSLETTER_CHARS = 2_000  # of a post in a letter
NEWSLETTER_REFUSALS = 3  # in a row, and the mailbox is taken to be gone
UNSUBSCRIBE_S = 180 * 24 * 3600  # the link in a letter ends the subscription for this long
LETTERS = 5  # per 30 minutes and person: confirmations that are sent again
TOKENS_PER_PERSON = 300  # the longest unused end first

# -- rates --
CONNECTIONS_PER_ADDRESS = 100  # open at the same time from one address that is no proxy of ours
UNREAD_S = 30  # how long a client may take nothing of what it is sent
TOLD_AGAIN_S = 24 * 3600  # within that time the same like, boost, follow or choice of the same person is told once, however often undone
PUSH_SUBSCRIPTIONS = 20  # of one person; the oldest end
PUSHES_WAITING = 200  # for one push service, in each of its lanes; more is not told
PUSHES_AGAIN = 2000  # of all push services that wait to be tried again; more is not told
STREAMS = 10_000  # open at the same time
STREAMS_PER_TOKEN = 25
STREAMS_PER_ADDRESS = 200  # of a client, wherever it comes through
SUBSCRIPTIONS = 50  # to different things, over one stream
STREAM_MESSAGES = 300  # per minute, that a client says over one stream
STREAM_BYTES = 128 * 1024  # what waits for a client to take it; with more it is cut off
STREAM_EVENTS = 5_000  # that wait to be passed on; of more the oldest are dropped
INBOX_PER_HOST = 3000  # per 5 minutes
INBOX_WINDOW_S = 300
LOGIN_TRIES = 5  # per 15 minutes, address and account
LOGIN_TRIES_PER_ACCOUNT = 100  # per hour
RESOLVES = 30  # per 5 minutes and person: look-ups of remote things
FLAGS_PER_HOST = 20  # per hour
REPORTS_PER_PERSON = 20  # per hour

# -- groups --
GROUP_MODERATORS = 50
GROUPS_PER_PERSON = 10  # of this server, that somebody has made
GROUP_POSTS = 30  # per hour, person and group
GROUP_PASSED_ON = 3000  # per hour and group of this server: posts, edits, votes
GROUP_VOTES = 2000  # past so much of these, votes are passed on no more
LOCK_HOPS = 40  # answers looked up from to find whether a thread is closed
BAN_POSTS = 500  # of somebody banned with all they wrote
REASON_CHARS = 500

# -- delivery --
FORWARDS = 300  # per hour and person: answers of others that are passed on to their followers
IN_FLIGHT = 64
IN_FLIGHT_PER_HOST = 2
DELIVERIES_PER_DEAD_HOST = 1000

# -- what a server says of itself --
RULES = 100
RULE_CHARS = 1_000
RULE_HINT_CHARS = 5_000
TEXT_CHARS = 100_000  # about it, its privacy policy, its terms
