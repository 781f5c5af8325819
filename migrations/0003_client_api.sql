-- Programs and what they may do: tokens have ids, so that they can be listed, ended and hung things on.

CREATE TABLE apps (
  id INTEGER PRIMARY KEY,
  client_id TEXT NOT NULL UNIQUE,
  secret_hash BLOB NOT NULL,                -- SHA-256 of the client secret
  name TEXT NOT NULL,
  website TEXT NOT NULL DEFAULT '',
  redirect_uris TEXT NOT NULL,              -- JSON [uri, ...]
  scopes TEXT NOT NULL,                     -- space-separated: the most a token of it can have
  created_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL DEFAULT 0        -- when a token was last made of it; those never used are swept
) STRICT;

CREATE TABLE oauth_codes (
  code_hash BLOB PRIMARY KEY,               -- SHA-256
  app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  redirect_uri TEXT NOT NULL,
  scopes TEXT NOT NULL,
  challenge TEXT NOT NULL DEFAULT '',       -- PKCE, S256
  created_at INTEGER NOT NULL,
  used_at INTEGER,                          -- shown a second time it ends the token that was made of it
  token_id INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX oauth_codes_account ON oauth_codes (account_id);

CREATE INDEX oauth_codes_app ON oauth_codes (app_id);

CREATE TABLE new_oauth_tokens (
  id INTEGER PRIMARY KEY,
  token_hash BLOB NOT NULL UNIQUE,          -- SHA-256 of the bearer token
  account_id INTEGER REFERENCES users (account_id) ON DELETE CASCADE, -- NULL: of an application by itself
  app_id INTEGER REFERENCES apps (id) ON DELETE CASCADE, -- NULL: made on the command line
  name TEXT NOT NULL DEFAULT '',
  scopes TEXT NOT NULL,                     -- space-separated
  created_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL
) STRICT;

INSERT INTO new_oauth_tokens (id, token_hash, account_id, name, scopes, created_at, used_at)
  SELECT (created_at << 16) | (row_number() OVER (ORDER BY created_at, token_hash) & 65535), token_hash, account_id, name, scopes, created_at, used_at
  FROM oauth_tokens;

DROP TABLE oauth_tokens;

ALTER TABLE new_oauth_tokens RENAME TO oauth_tokens;

CREATE INDEX oauth_tokens_account ON oauth_tokens (account_id);

CREATE INDEX oauth_tokens_app ON oauth_tokens (app_id) WHERE app_id IS NOT NULL;

ALTER TABLE posts ADD COLUMN app_id INTEGER REFERENCES apps (id) ON DELETE SET NULL;

CREATE INDEX posts_app ON posts (app_id) WHERE app_id IS NOT NULL;

-- People who sign up: an address is believed once its link was opened; where sign-ups are looked at, somebody says yes.

ALTER TABLE users ADD COLUMN confirmed_at INTEGER;

ALTER TABLE users ADD COLUMN approved_at INTEGER;

ALTER TABLE users ADD COLUMN reason TEXT NOT NULL DEFAULT '';

ALTER TABLE users ADD COLUMN locale TEXT NOT NULL DEFAULT '';

ALTER TABLE users ADD COLUMN terms_at INTEGER;

UPDATE users SET confirmed_at = created_at, approved_at = created_at;

CREATE TABLE email_confirmations (
  token_hash BLOB PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  email TEXT NOT NULL,                      -- the address it makes the account's
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX email_confirmations_account ON email_confirmations (account_id);

CREATE TABLE active_days (
  day INTEGER NOT NULL,                     -- days since 1970, UTC
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  PRIMARY KEY (day, account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX active_days_account ON active_days (account_id);

CREATE TABLE rules (
  id INTEGER PRIMARY KEY,
  position INTEGER NOT NULL,
  text TEXT NOT NULL,
  hint TEXT NOT NULL DEFAULT '',
  translations TEXT NOT NULL DEFAULT '{}',  -- JSON {language: {text, hint}}
  deleted_at INTEGER                        -- reports may still name it
) STRICT;

CREATE TABLE terms (
  effective_on TEXT PRIMARY KEY,            -- YYYY-MM-DD
  text_source TEXT NOT NULL,                -- Markdown
  changes_source TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What one keeps about others.

CREATE TABLE account_notes (
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  target_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  note TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, target_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX account_notes_target ON account_notes (target_id);

CREATE TABLE endorsements (
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  target_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  id INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, target_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX endorsements_target ON endorsements (target_id);

ALTER TABLE user_domain_blocks ADD COLUMN id INTEGER NOT NULL DEFAULT 0;

UPDATE user_domain_blocks SET id = (created_at << 16) | ((
  SELECT count(*) FROM user_domain_blocks o WHERE o.account_id = user_domain_blocks.account_id AND o.host < user_domain_blocks.host) & 65535);

CREATE INDEX user_domain_blocks_page ON user_domain_blocks (account_id, id);

-- Likes have ids, by which who liked a post is read page by page.

ALTER TABLE favourites ADD COLUMN id INTEGER NOT NULL DEFAULT 0;

UPDATE favourites SET id = (favourites.created_at << 16) | (numbered.place & 65535)
  FROM (SELECT account_id, post_id, row_number() OVER (ORDER BY created_at, account_id, post_id) AS place FROM favourites) AS numbered
  WHERE numbered.account_id = favourites.account_id AND numbered.post_id = favourites.post_id;

DROP INDEX favourites_post;

CREATE INDEX favourites_post ON favourites (post_id, id);

-- What a revision of a post asked, as JSON [title, ...]; empty where it asked nothing.

ALTER TABLE post_edits ADD COLUMN poll_options TEXT NOT NULL DEFAULT '[]';

CREATE TABLE dismissed_suggestions (
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  target_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, target_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX dismissed_suggestions_target ON dismissed_suggestions (target_id);

CREATE TABLE collections (
  id INTEGER PRIMARY KEY,
  uri TEXT NOT NULL UNIQUE,
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  description_source TEXT NOT NULL DEFAULT '',
  description_html TEXT NOT NULL DEFAULT '',
  language TEXT NOT NULL DEFAULT '',
  sensitive INTEGER NOT NULL DEFAULT 0,
  discoverable INTEGER NOT NULL DEFAULT 1,
  tag_id INTEGER REFERENCES tags (id),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE INDEX collections_account ON collections (account_id, id);

CREATE INDEX collections_tag ON collections (tag_id) WHERE tag_id IS NOT NULL;

CREATE TABLE collection_items (
  id INTEGER PRIMARY KEY,
  collection_id INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  state TEXT NOT NULL CHECK (state IN ('pending', 'accepted', 'rejected', 'revoked')),
  position INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (collection_id, account_id)
) STRICT;

CREATE INDEX collection_items_account ON collection_items (account_id, collection_id);

-- Lists.

CREATE TABLE lists (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  title TEXT NOT NULL,
  replies TEXT NOT NULL DEFAULT 'list' CHECK (replies IN ('followed', 'list', 'none')),
  exclusive INTEGER NOT NULL DEFAULT 0,     -- its members' posts do not come home
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX lists_account ON lists (account_id, id);

CREATE TABLE list_accounts (
  list_id INTEGER NOT NULL REFERENCES lists (id) ON DELETE CASCADE,
  account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (list_id, account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX list_accounts_account ON list_accounts (account_id, list_id);

CREATE TABLE list_posts (
  list_id INTEGER NOT NULL REFERENCES lists (id) ON DELETE CASCADE,
  post_id INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
  account_id INTEGER NOT NULL,              -- whose membership brought it: the author, or who boosted
  PRIMARY KEY (list_id, post_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX list_posts_post ON list_posts (post_id);

-- Filters.

CREATE TABLE filters (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  title TEXT NOT NULL,
  contexts TEXT NOT NULL,                   -- JSON, of home, notifications, public, thread, account
  action TEXT NOT NULL CHECK (action IN ('warn', 'hide', 'blur')),
  expires_at INTEGER,
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX filters_account ON filters (account_id, id);

CREATE TABLE filter_keywords (
  id INTEGER PRIMARY KEY,
  filter_id INTEGER NOT NULL REFERENCES filters (id) ON DELETE CASCADE,
  keyword TEXT NOT NULL,
  whole_word INTEGER NOT NULL
) STRICT;

CREATE INDEX filter_keywords_filter ON filter_keywords (filter_id, id);

CREATE TABLE filter_posts (
  id INTEGER PRIMARY KEY,
  filter_id INTEGER NOT NULL REFERENCES filters (id) ON DELETE CASCADE,
  post_id INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
  UNIQUE (filter_id, post_id)
) STRICT;

CREATE INDEX filter_posts_post ON filter_posts (post_id);

-- Notifications: groups, and what is kept apart until somebody looks.

CREATE TABLE severances (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('domain_block', 'user_domain_block', 'account_suspension')),
  target TEXT NOT NULL,                     -- a host, or a handle
  purged INTEGER NOT NULL DEFAULT 0,
  followers_count INTEGER NOT NULL,
  following_count INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX severances_account ON severances (account_id);

CREATE TABLE warnings (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  action TEXT NOT NULL CHECK (action IN ('none', 'disable', 'mark_statuses_as_sensitive', 'delete_statuses', 'sensitive', 'silence', 'suspend')),
  text TEXT NOT NULL DEFAULT '',
  post_ids TEXT NOT NULL DEFAULT '[]',      -- JSON
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX warnings_account ON warnings (account_id);

CREATE TABLE new_notifications (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('follow', 'follow_request', 'mention', 'favourite', 'boost', 'edit', 'post', 'report', 'move',
    'poll', 'reaction', 'quote', 'quoted_edit', 'approval', 'moderation', 'sign_up', 'severance', 'warning', 'collection', 'collection_edit')),
  from_account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  post_id INTEGER REFERENCES posts (id) ON DELETE CASCADE,
  about_id INTEGER,                         -- of the report, the severance, the warning or the collection, as the kind says
  group_key TEXT NOT NULL DEFAULT '',       -- '' stands by itself
  filtered INTEGER NOT NULL DEFAULT 0,      -- kept apart by the policy
  created_at INTEGER NOT NULL,
  read_at INTEGER
) STRICT;

INSERT INTO new_notifications (id, account_id, kind, from_account_id, post_id, created_at, read_at, group_key)
  SELECT id, account_id, kind, from_account_id, post_id, created_at, read_at,
    CASE kind WHEN 'favourite' THEN 'favourite-' || post_id || '-' || (created_at / 43200000 * 12)
      WHEN 'boost' THEN 'reblog-' || post_id || '-' || (created_at / 43200000 * 12)
      WHEN 'follow' THEN 'follow-' || (created_at / 43200000 * 12) ELSE '' END
  FROM notifications;

DROP TABLE notifications;

ALTER TABLE new_notifications RENAME TO notifications;

CREATE INDEX notifications_account ON notifications (account_id, id);

CREATE INDEX notifications_filtered ON notifications (account_id, from_account_id, id) WHERE filtered = 1;

CREATE INDEX notifications_from ON notifications (from_account_id);

CREATE INDEX notifications_group ON notifications (account_id, group_key, id) WHERE group_key <> '';

CREATE UNIQUE INDEX notifications_once ON notifications (account_id, kind, from_account_id, coalesce(post_id, 0), coalesce(about_id, 0));

CREATE INDEX notifications_post ON notifications (post_id) WHERE post_id IS NOT NULL;

-- What was told lately and then undone: the same again is no news. `post_id` is 0 where there is none.

CREATE TABLE withdrawn_notifications (
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  from_account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  post_id INTEGER NOT NULL,
  notification_id INTEGER NOT NULL,
  group_key TEXT NOT NULL,
  created_at INTEGER NOT NULL,              -- when it was told
  read_at INTEGER,
  PRIMARY KEY (account_id, kind, from_account_id, post_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX withdrawn_notifications_from ON withdrawn_notifications (from_account_id);

CREATE INDEX withdrawn_notifications_told ON withdrawn_notifications (created_at);

CREATE TABLE notification_policies (
  account_id INTEGER PRIMARY KEY REFERENCES users (account_id) ON DELETE CASCADE,
  not_following TEXT NOT NULL DEFAULT 'accept' CHECK (not_following IN ('accept', 'filter', 'drop')),
  not_followers TEXT NOT NULL DEFAULT 'accept' CHECK (not_followers IN ('accept', 'filter', 'drop')),
  new_accounts TEXT NOT NULL DEFAULT 'accept' CHECK (new_accounts IN ('accept', 'filter', 'drop')),
  private_mentions TEXT NOT NULL DEFAULT 'filter' CHECK (private_mentions IN ('accept', 'filter', 'drop')),
  limited_accounts TEXT NOT NULL DEFAULT 'filter' CHECK (limited_accounts IN ('accept', 'filter', 'drop'))
) STRICT;

CREATE TABLE notification_permissions (
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  from_account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, from_account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX notification_permissions_from ON notification_permissions (from_account_id);

CREATE TABLE notification_requests (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  from_account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  last_post_id INTEGER REFERENCES posts (id) ON DELETE SET NULL,
  notifications_count INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (account_id, from_account_id)
) STRICT;

CREATE INDEX notification_requests_from ON notification_requests (from_account_id);

CREATE INDEX notification_requests_post ON notification_requests (last_post_id) WHERE last_post_id IS NOT NULL;

CREATE TABLE markers (
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  timeline TEXT NOT NULL CHECK (timeline IN ('home', 'notifications')),
  last_read_id INTEGER NOT NULL,
  version INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, timeline)
) STRICT, WITHOUT ROWID;

-- Threads: the uppermost post known of each, so that one can be muted, and private ones make conversations.

ALTER TABLE posts ADD COLUMN thread_id INTEGER NOT NULL DEFAULT 0;

WITH RECURSIVE below (id, root) AS (
  SELECT id, id FROM posts WHERE in_reply_to_id IS NULL
  UNION ALL SELECT p.id, below.root FROM below JOIN posts p ON p.in_reply_to_id = below.id)
UPDATE posts SET thread_id = below.root FROM below WHERE below.id = posts.id;

CREATE INDEX posts_thread ON posts (thread_id, id);

CREATE TABLE muted_threads (
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  thread_id INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, thread_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX muted_threads_thread ON muted_threads (thread_id);

CREATE TABLE conversations (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  thread_id INTEGER NOT NULL,
  participants TEXT NOT NULL,               -- JSON [account id, ...], ascending, without the owner
  last_post_id INTEGER REFERENCES posts (id) ON DELETE SET NULL,
  unread INTEGER NOT NULL DEFAULT 0,
  updated_at INTEGER NOT NULL,
  UNIQUE (account_id, thread_id, participants)
) STRICT;

INSERT INTO conversations (account_id, thread_id, participants, last_post_id, updated_at)
  SELECT owner_id, thread_id, participants, max(post_id), max(published_at) FROM (
    SELECT u.account_id AS owner_id, p.id AS post_id, p.published_at, CASE p.thread_id WHEN 0 THEN p.id ELSE p.thread_id END AS thread_id,
      (SELECT json_group_array(id) FROM (SELECT p.account_id AS id UNION SELECT account_id FROM post_mentions WHERE post_id = p.id ORDER BY 1)
        WHERE id <> u.account_id) AS participants
    FROM posts p CROSS JOIN users u ON u.account_id = p.account_id OR EXISTS (
      SELECT 1 FROM post_mentions m WHERE m.post_id = p.id AND m.account_id = u.account_id)
    WHERE p.visibility = 'direct' AND p.boost_of_id IS NULL AND p.held = 0)
  WHERE true GROUP BY owner_id, thread_id, participants ORDER BY max(post_id);

CREATE INDEX conversations_last ON conversations (account_id, last_post_id);

CREATE INDEX conversations_thread ON conversations (thread_id);

CREATE INDEX conversations_post ON conversations (last_post_id) WHERE last_post_id IS NOT NULL;

CREATE TABLE conversation_posts (
  conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
  post_id INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
  PRIMARY KEY (conversation_id, post_id)
) STRICT, WITHOUT ROWID;

INSERT INTO conversation_posts (conversation_id, post_id)
  SELECT c.id, p.id FROM conversations c JOIN posts p ON p.visibility = 'direct' AND p.boost_of_id IS NULL AND p.held = 0
    AND CASE p.thread_id WHEN 0 THEN p.id ELSE p.thread_id END = c.thread_id
  WHERE c.participants = (SELECT json_group_array(id) FROM (
    SELECT p.account_id AS id UNION SELECT account_id FROM post_mentions WHERE post_id = p.id ORDER BY 1) WHERE id <> c.account_id)
    AND (p.account_id = c.account_id OR EXISTS (SELECT 1 FROM post_mentions m WHERE m.post_id = p.id AND m.account_id = c.account_id));

CREATE INDEX conversation_posts_post ON conversation_posts (post_id);

-- Posts to come.

CREATE TABLE scheduled_posts (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  app_id INTEGER REFERENCES apps (id) ON DELETE SET NULL,
  draft TEXT NOT NULL,                      -- JSON, as it is published
  scheduled_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  error TEXT NOT NULL DEFAULT ''            -- why it was not published
) STRICT;

CREATE INDEX scheduled_posts_account ON scheduled_posts (account_id, id);

CREATE INDEX scheduled_posts_app ON scheduled_posts (app_id) WHERE app_id IS NOT NULL;

CREATE INDEX scheduled_posts_due ON scheduled_posts (scheduled_at);

CREATE TABLE scheduled_media (
  scheduled_id INTEGER NOT NULL REFERENCES scheduled_posts (id) ON DELETE CASCADE,
  media_id INTEGER NOT NULL REFERENCES media (id) ON DELETE CASCADE,
  PRIMARY KEY (scheduled_id, media_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX scheduled_media_media ON scheduled_media (media_id);

-- Previews of links.

CREATE TABLE cards (
  id INTEGER PRIMARY KEY,
  url TEXT NOT NULL UNIQUE,                 -- as it is linked to, without a fragment
  page_url TEXT NOT NULL DEFAULT '',        -- where that led, or the address the page gives as its own
  host TEXT NOT NULL DEFAULT '',            -- of page_url
  state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'ready', 'empty')),
  kind TEXT NOT NULL DEFAULT 'link' CHECK (kind IN ('link', 'photo', 'video', 'rich')),
  title TEXT NOT NULL DEFAULT '',
  description TEXT NOT NULL DEFAULT '',
  language TEXT NOT NULL DEFAULT '',
  provider_name TEXT NOT NULL DEFAULT '',
  provider_url TEXT NOT NULL DEFAULT '',
  author_name TEXT NOT NULL DEFAULT '',
  author_url TEXT NOT NULL DEFAULT '',
  author_id INTEGER REFERENCES accounts (id) ON DELETE SET NULL, -- both sides have said so
  claimed_id INTEGER REFERENCES accounts (id) ON DELETE SET NULL, -- only the page has
  media_id INTEGER REFERENCES media (id) ON DELETE SET NULL,
  width INTEGER NOT NULL DEFAULT 0,
  height INTEGER NOT NULL DEFAULT 0,
  published_at INTEGER,
  created_at INTEGER NOT NULL,
  fetched_at INTEGER NOT NULL DEFAULT 0,
  version INTEGER NOT NULL DEFAULT 0        -- rises when what it says is otherwise
) STRICT;

CREATE INDEX cards_author ON cards (author_id) WHERE author_id IS NOT NULL;

CREATE INDEX cards_claimed ON cards (claimed_id) WHERE claimed_id IS NOT NULL;

CREATE INDEX cards_host ON cards (host);

CREATE INDEX cards_page ON cards (page_url) WHERE page_url <> '';

CREATE INDEX cards_media ON cards (media_id) WHERE media_id IS NOT NULL;

CREATE TABLE post_cards (
  post_id INTEGER PRIMARY KEY REFERENCES posts (id) ON DELETE CASCADE,
  card_id INTEGER NOT NULL REFERENCES cards (id) ON DELETE CASCADE
) STRICT;

CREATE INDEX post_cards_card ON post_cards (card_id, post_id);

-- Posts whose link is to be looked at, until it has been. A post that has gone meanwhile is passed over.
CREATE TABLE due_links (
  own INTEGER NOT NULL,                     -- written here
  run_at INTEGER NOT NULL,
  post_id INTEGER NOT NULL,
  PRIMARY KEY (own, run_at, post_id)
) STRICT, WITHOUT ROWID;

-- Finding. The texts are indexed after the fact, up to a mark; what happens below the mark, and every change and end, is left to do.

CREATE VIRTUAL TABLE post_search USING fts5 (text, tokenize = "unicode61 remove_diacritics 2");

CREATE VIRTUAL TABLE account_search USING fts5 (name, bio, tokenize = "unicode61 remove_diacritics 2");

CREATE TABLE search_marks (
  kind TEXT PRIMARY KEY CHECK (kind IN ('account', 'post')),
  mark INTEGER NOT NULL                     -- rows up to this id are indexed, or stand in search_queue
) STRICT, WITHOUT ROWID;

INSERT INTO search_marks (kind, mark) VALUES ('account', 0), ('post', 0);

CREATE TABLE search_queue (
  kind TEXT NOT NULL CHECK (kind IN ('account', 'post')),
  ref_id INTEGER NOT NULL,
  PRIMARY KEY (kind, ref_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER posts_late AFTER INSERT ON posts
  WHEN new.boost_of_id IS NULL AND new.id <= (SELECT mark FROM search_marks WHERE kind = 'post')
  BEGIN INSERT INTO search_queue (kind, ref_id) VALUES ('post', new.id) ON CONFLICT DO NOTHING; END;

CREATE TRIGGER posts_changed AFTER UPDATE OF version ON posts
  WHEN new.boost_of_id IS NULL AND new.id <= (SELECT mark FROM search_marks WHERE kind = 'post')
  BEGIN INSERT INTO search_queue (kind, ref_id) VALUES ('post', new.id) ON CONFLICT DO NOTHING; END;

CREATE TRIGGER posts_gone AFTER DELETE ON posts
  WHEN old.boost_of_id IS NULL AND old.id <= (SELECT mark FROM search_marks WHERE kind = 'post')
  BEGIN INSERT INTO search_queue (kind, ref_id) VALUES ('post', old.id) ON CONFLICT DO NOTHING; END;

CREATE TRIGGER accounts_late AFTER INSERT ON accounts
  WHEN new.id <= (SELECT mark FROM search_marks WHERE kind = 'account')
  BEGIN INSERT INTO search_queue (kind, ref_id) VALUES ('account', new.id) ON CONFLICT DO NOTHING; END;

CREATE TRIGGER accounts_changed AFTER UPDATE OF version ON accounts
  WHEN new.id <= (SELECT mark FROM search_marks WHERE kind = 'account')
  BEGIN INSERT INTO search_queue (kind, ref_id) VALUES ('account', new.id) ON CONFLICT DO NOTHING; END;

CREATE TRIGGER accounts_gone AFTER DELETE ON accounts
  WHEN old.id <= (SELECT mark FROM search_marks WHERE kind = 'account')
  BEGIN INSERT INTO search_queue (kind, ref_id) VALUES ('account', old.id) ON CONFLICT DO NOTHING; END;

CREATE TABLE trends (
  kind TEXT NOT NULL CHECK (kind IN ('tag', 'post', 'link')),
  ref_id INTEGER NOT NULL,
  score REAL NOT NULL,
  language TEXT NOT NULL DEFAULT '',
  counted_at INTEGER NOT NULL,
  PRIMARY KEY (kind, ref_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX trends_score ON trends (kind, score);

CREATE TABLE annual_reports (
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  year INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('generating', 'ready')),
  data TEXT NOT NULL DEFAULT '{}',          -- JSON
  share_key TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL,
  read_at INTEGER,
  PRIMARY KEY (account_id, year)
) STRICT, WITHOUT ROWID;

-- Announcements.

CREATE TABLE announcements (
  id INTEGER PRIMARY KEY,
  text_source TEXT NOT NULL,
  text_html TEXT NOT NULL,
  starts_at INTEGER,
  ends_at INTEGER,
  all_day INTEGER NOT NULL DEFAULT 0,
  published_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE announcement_dismissals (
  announcement_id INTEGER NOT NULL REFERENCES announcements (id) ON DELETE CASCADE,
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (announcement_id, account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX announcement_dismissals_account ON announcement_dismissals (account_id);

CREATE TABLE announcement_reactions (
  announcement_id INTEGER NOT NULL REFERENCES announcements (id) ON DELETE CASCADE,
  name TEXT NOT NULL,                       -- one emoji character, or a shortcode
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  emoji_id INTEGER REFERENCES emojis (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (announcement_id, name, account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX announcement_reactions_account ON announcement_reactions (account_id);

CREATE INDEX announcement_reactions_emoji ON announcement_reactions (emoji_id) WHERE emoji_id IS NOT NULL;

-- Web push.

CREATE TABLE push_subscriptions (
  id INTEGER PRIMARY KEY,
  token_id INTEGER NOT NULL UNIQUE REFERENCES oauth_tokens (id) ON DELETE CASCADE,
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  endpoint TEXT NOT NULL,
  p256dh BLOB NOT NULL,                     -- the receiver's public key, 65 bytes
  auth BLOB NOT NULL,                       -- its secret, 16 bytes
  standard INTEGER NOT NULL DEFAULT 0,      -- RFC 8291 rather than the draft before it
  policy TEXT NOT NULL DEFAULT 'all' CHECK (policy IN ('all', 'followed', 'follower', 'none')),
  alerts TEXT NOT NULL DEFAULT '[]',        -- JSON [type, ...]
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE INDEX push_subscriptions_account ON push_subscriptions (account_id);

-- Public posts by letter, for readers who have no account anywhere. Of links in letters only hashes are kept.

CREATE TABLE email_subscriptions (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES users (account_id) ON DELETE CASCADE,
  email TEXT NOT NULL,                      -- in small letters
  mailbox TEXT NOT NULL,                    -- the same without what stands behind a `+`: who gets the letter
  locale TEXT NOT NULL DEFAULT '',
  link_hash BLOB UNIQUE,                    -- of the link that confirms, until it was opened
  asked_at INTEGER NOT NULL,
  confirmed_at INTEGER,
  after_id INTEGER NOT NULL DEFAULT 0,      -- posts up to this one are in letters already, or older than the subscription
  sent_at INTEGER NOT NULL DEFAULT 0,
  refusals INTEGER NOT NULL DEFAULT 0,      -- letters in a row that the mail server would not have
  UNIQUE (account_id, email)
) STRICT;

CREATE INDEX email_subscriptions_mailbox ON email_subscriptions (mailbox, asked_at);

CREATE INDEX email_subscriptions_asked ON email_subscriptions (asked_at) WHERE confirmed_at IS NULL;

CREATE TABLE email_subscription_ends (
  token_hash BLOB PRIMARY KEY,              -- of the link in one letter that ends it
  subscription_id INTEGER NOT NULL REFERENCES email_subscriptions (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX email_subscription_ends_subscription ON email_subscription_ends (subscription_id);

CREATE INDEX email_subscription_ends_created ON email_subscription_ends (created_at);
