-- Why: A page of holders read all who have as much as the last one of the page before.
-- Changed: governance.top_holders.
-- Locks: none on tables.
-- Back: the text that each object had before; what is new is dropped. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: governance/functions/top_holders.sql
create or replace function governance.top_holders(
  p_token_id uuid,
  p_after text default null,
  p_first integer default 25
)
returns table (user_id uuid, voting_power numeric)
language plpgsql
stable
rows 25
-- Members read their own holdings only; of others they may know the power, not the balances.
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  after_power numeric;
  after_id uuid;
  left_over integer := least(greatest(coalesce(p_first, 25), 1), 100);
  taken integer;
begin
  perform governance.visible_token(p_token_id);
  if p_after is not null then
    if p_after !~* '^[0-9]{1,60}(\.[0-9]{1,18})?:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
      perform core.fail('input.malformed');
    end if;
    after_power := split_part(p_after, ':', 1)::numeric;
    after_id := split_part(p_after, ':', 2)::uuid;

    -- The rest of those who have as much as the last one, then those who have less: each is a range that begins where
    -- it should. One condition for both would read all who have as much, and they may be most of the holders.
    return query
      select holding.user_id, holding.voting_power
      from governance.user_tokens as holding
      where holding.token_id = p_token_id
        and holding.voting_power > 0
        and holding.voting_power = after_power
        and holding.user_id > after_id
      order by holding.user_id
      limit left_over;
    get diagnostics taken = row_count;
    left_over := left_over - taken;
  end if;

  return query
    select holding.user_id, holding.voting_power
    from governance.user_tokens as holding
    where holding.token_id = p_token_id
      and holding.voting_power > 0
      and holding.voting_power < coalesce(after_power, 'infinity')
    order by holding.voting_power desc, holding.user_id
    limit left_over;
end
$$;

comment on function governance.top_holders(uuid, text, integer) is
  E'@simpleCollections only\nThe holders of a token by voting power, the largest first. after: "POWER:USER_ID" of the last row of the page before. first: 1 to 100. Refuses token.unknown, and input.malformed for a place of another form. Reads as many index entries as it returns rows.';

revoke all on function governance.top_holders(uuid, text, integer) from public;
grant execute on function governance.top_holders(uuid, text, integer) to stoa_member;

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: governance/functions/top_holders.sql
create or replace function governance.top_holders(
  p_token_id uuid,
  p_after text default null,
  p_first integer default 25
)
returns table (user_id uuid, voting_power numeric)
language plpgsql
stable
rows 25
-- Members read their own holdings only; of others they may know the power, not the balances.
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  after_power numeric;
  after_id uuid;
begin
  perform governance.visible_token(p_token_id);
  if p_after is not null then
    if p_after !~* '^[0-9]{1,60}(\.[0-9]{1,18})?:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
      perform core.fail('input.malformed');
    end if;
    after_power := split_part(p_after, ':', 1)::numeric;
    after_id := split_part(p_after, ':', 2)::uuid;
  end if;

  return query
    select holding.user_id, holding.voting_power
    from governance.user_tokens as holding
    where holding.token_id = p_token_id
      and holding.voting_power > 0
      and holding.voting_power <= coalesce(after_power, 1e60)
      and (p_after is null or holding.voting_power < after_power or holding.user_id > after_id)
    order by holding.voting_power desc, holding.user_id
    limit least(greatest(coalesce(p_first, 25), 1), 100);
end
$$;

comment on function governance.top_holders(uuid, text, integer) is
  E'@simpleCollections only\nThe holders of a token by voting power, the largest first. after: "POWER:USER_ID" of the last row of the page before. first: 1 to 100. Refuses token.unknown, and input.malformed for a place of another form. Reads as many index entries as it returns rows.';

revoke all on function governance.top_holders(uuid, text, integer) from public;
grant execute on function governance.top_holders(uuid, text, integer) to stoa_member;

-- End of objects
