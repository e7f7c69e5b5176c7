create or replace function governance.change_balance(p_user_id uuid, p_token_id uuid, p_change numeric)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  holding governance.user_tokens;
begin
  if p_change = 0 then
    return;
  end if;

  loop
    select * into holding
    from governance.user_tokens as candidate
    where candidate.user_id = p_user_id and candidate.token_id = p_token_id
    for no key update;
    exit when found;

    if p_change < 0 then
      perform core.fail('holding.insufficient');
    end if;
    -- Somebody else may be making the same first holding: then the loop finds theirs.
    insert into governance.user_tokens (user_id, token_id)
    values (p_user_id, p_token_id)
    on conflict (user_id, token_id) do nothing;
  end loop;

  if holding.balance + p_change < 0 then
    perform core.fail('holding.insufficient');
  end if;
  if holding.balance + holding.staked_balance + p_change >= 1e60 then
    perform core.fail('holding.too_large');
  end if;
  update governance.user_tokens as changed
  set balance = changed.balance + p_change
  where changed.user_id = p_user_id and changed.token_id = p_token_id;
end
$$;

comment on function governance.change_balance(uuid, uuid, numeric) is
  'Internal, for the ledger: adds a signed amount to a free balance, under the lock of the holding, which it makes where there is none. Refuses holding.insufficient and holding.too_large. Whoever changes several goes by (user, token).';

revoke all on function governance.change_balance(uuid, uuid, numeric) from public;
