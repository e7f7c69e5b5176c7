-- Why: registers what must hold about the tables of this module, for "stoa doctor invariants".
-- Locks: none. Back: deletes the rows of this module.

-- Up Migration

insert into ops.invariants (name, module, description, query) values
  (
    'social.friend_edges.mirror',
    'social',
    'Each accepted friendship has its two directed edges, since it was accepted, and there are no others.',
    $query$
      select
        coalesce(edge.user_id, truth.user_id) || ' to ' || coalesce(edge.friend_id, truth.friend_id) as subject,
        coalesce('friends since ' || truth.since, 'no edge') as expected,
        coalesce('friends since ' || edge.since, 'no edge') as found
      from social.friend_edges as edge
      full join (
        select friendship.user_id, friendship.friend_id, friendship.accepted_at as since
        from social.friendships as friendship
        where friendship.status = 'accepted'
        union all
        select friendship.friend_id, friendship.user_id, friendship.accepted_at
        from social.friendships as friendship
        where friendship.status = 'accepted'
      ) as truth
        on truth.user_id = edge.user_id and truth.friend_id = edge.friend_id
      where edge.since is distinct from truth.since
    $query$
  ),
  (
    'social.blocks.no_friends',
    'social',
    'Two people of whom one blocks the other are neither friends nor asked to be.',
    $query$
      select
        block.blocker_id || ' blocks ' || block.blocked_id as subject,
        'no friendship' as expected,
        friendship.status as found
      from social.blocks as block
      join social.friendships as friendship
        on least(friendship.user_id, friendship.friend_id) = least(block.blocker_id, block.blocked_id)
       and greatest(friendship.user_id, friendship.friend_id) = greatest(block.blocker_id, block.blocked_id)
      where friendship.status in ('accepted', 'pending')
    $query$
  );

-- Down Migration

delete from ops.invariants where module = 'social';
