"""Who may see a post: the one predicate, as SQL, in every read of posts.

A viewer sees a post when its author is not suspended, neither has blocked the other, the author's domain is blocked by neither
the instance nor the viewer, and it is public or unlisted, or the viewer wrote it, or it mentions the viewer, or it is
followers-only and the viewer's follow of the author is accepted. Direct posts: author and mentioned only. Local-only posts:
signed-in local people, by the same rules. An answer that is held, because who it answers has not approved it, is seen by these two
only. A boost is seen when both it and what it boosts are.

Statements bind `:viewer`, an account id (local, or the remote signer of a fetch), or 0 for nobody in particular.

A condition on the viewer alone (`NOT EXISTS (... WHERE account_id = :viewer)`) is looked up once per statement, not once per row: most
people block, mute and are blocked by nobody, and a list then costs half.
"""


def _author(p: str, a: str) -> str:
    return f"""{a}.suspended_at IS NULL AND {a}.host_blocked = 0 AND {a}.deleted_at IS NULL
      AND (:viewer = 0 OR {p}.account_id = :viewer OR (
        (NOT EXISTS (SELECT 1 FROM blocks WHERE account_id = :viewer)
          OR NOT EXISTS (SELECT 1 FROM blocks WHERE account_id = :viewer AND target_id = {p}.account_id))
        AND (NOT EXISTS (SELECT 1 FROM blocks WHERE target_id = :viewer)
          OR NOT EXISTS (SELECT 1 FROM blocks WHERE account_id = {p}.account_id AND target_id = :viewer))
        AND (NOT EXISTS (SELECT 1 FROM user_domain_blocks WHERE account_id = :viewer) OR {a}.host = ''
          OR NOT EXISTS (SELECT 1 FROM user_domain_blocks WHERE account_id = :viewer AND host = {a}.host))))"""


def _audience(p: str) -> str:
    return f"""({p}.account_id = :viewer OR (
        ({p}.held = 0 OR {p}.in_reply_to_account_id = :viewer)
        AND ({p}.local_only = 0 OR EXISTS (SELECT 1 FROM users WHERE account_id = :viewer))
        AND ({p}.visibility IN ('public', 'unlisted')
          OR (:viewer <> 0 AND (
            EXISTS (SELECT 1 FROM post_mentions WHERE post_id = {p}.id AND account_id = :viewer)
            OR ({p}.visibility = 'followers' AND EXISTS (
              SELECT 1 FROM follows WHERE follower_id = :viewer AND followed_id = {p}.account_id AND state = 'accepted')))))))"""


def _one(p: str, a: str) -> str:
    return f"({_author(p, a)} AND {_audience(p)})"


# For `posts p JOIN accounts a ON a.id = p.account_id`.
POST = f"""({_one("p", "a")} AND (p.boost_of_id IS NULL OR EXISTS (
      SELECT 1 FROM posts bp JOIN accounts ba ON ba.id = bp.account_id WHERE bp.id = p.boost_of_id AND {_one("bp", "ba")})))"""

# What lists for everybody leave out besides: people whose server is limited, unless one follows them.
UNLIMITED = """(a.host_limited = 0 OR p.account_id = :viewer
      OR EXISTS (SELECT 1 FROM follows WHERE follower_id = :viewer AND followed_id = p.account_id AND state = 'accepted'))"""

# And whom the viewer has muted, as author or as the author of what is boosted.
UNMUTED = """(:viewer = 0 OR NOT EXISTS (SELECT 1 FROM mutes WHERE account_id = :viewer) OR (
      NOT EXISTS (SELECT 1 FROM mutes WHERE account_id = :viewer AND target_id = p.account_id AND (expires_at IS NULL OR expires_at > :now))
      AND (p.boost_of_id IS NULL OR NOT EXISTS (
        SELECT 1 FROM mutes WHERE account_id = :viewer AND target_id = (SELECT account_id FROM posts WHERE id = p.boost_of_id)
        AND (expires_at IS NULL OR expires_at > :now)))))"""
