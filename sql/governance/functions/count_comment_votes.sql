create or replace function governance.count_comment_votes()
returns trigger
language plpgsql
-- Fires for whoever writes a reaction; the counters are nobody's to write.
security definer
set search_path = ''
as $$
declare
  change record;
begin
  -- Comment by comment in the order of their keys: two statements with many reactions each do not deadlock.
  if tg_op = 'INSERT' then
    for change in
      select
        added.proposal_id,
        added.comment_id,
        (count(*) filter (where added.value = 1))::integer as likes,
        (count(*) filter (where added.value = -1))::integer as dislikes
      from added
      group by 1, 2
      order by 1, 2
    loop
      perform governance.add_reactions(change.proposal_id, change.comment_id, change.likes, change.dislikes);
    end loop;
  elsif tg_op = 'DELETE' then
    for change in
      select
        removed.proposal_id,
        removed.comment_id,
        -(count(*) filter (where removed.value = 1))::integer as likes,
        -(count(*) filter (where removed.value = -1))::integer as dislikes
      from removed
      group by 1, 2
      order by 1, 2
    loop
      perform governance.add_reactions(change.proposal_id, change.comment_id, change.likes, change.dislikes);
    end loop;
  else
    for change in
      select
        changed.proposal_id,
        changed.comment_id,
        sum(case when changed.value = 1 then changed.step else 0 end)::integer as likes,
        sum(case when changed.value = -1 then changed.step else 0 end)::integer as dislikes
      from (
        select added.proposal_id, added.comment_id, added.value, 1 as step from added
        union all
        select removed.proposal_id, removed.comment_id, removed.value, -1 from removed
      ) as changed
      group by 1, 2
      order by 1, 2
    loop
      perform governance.add_reactions(change.proposal_id, change.comment_id, change.likes, change.dislikes);
    end loop;
  end if;
  return null;
end
$$;

comment on function governance.count_comment_votes() is
  'Trigger. Keeps likes and dislikes of comments as differences: one update a comment and statement.';

revoke all on function governance.count_comment_votes() from public;
