create or replace function governance.freeze_proposal()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  changed jsonb;
  allowed text[];
begin
  if tg_op = 'DELETE' then
    if old.status <> 'draft' then
      perform core.fail('proposal.frozen');
    end if;
    return old;
  end if;
  if old.status = 'draft' then
    return new;
  end if;

  -- Whose account is gone has no name here either; everything else is for ever once voting has closed.
  allowed := array['proposer_id', 'updated_at'];
  if old.status = 'active' then
    allowed := allowed || array[
      'status', 'closed_at', 'cancelled_at', 'total_votes', 'yes_votes', 'no_votes', 'abstain_votes', 'yes_power',
      'no_power', 'abstain_power'
    ];
  end if;
  if to_jsonb(new) - allowed is distinct from to_jsonb(old) - allowed
    or (new.proposer_id is distinct from old.proposer_id and new.proposer_id is not null)
    or (old.status = 'active' and new.status = 'draft')
  then
    perform core.fail('proposal.frozen');
  end if;
  return new;
end
$$;

comment on function governance.freeze_proposal() is
  'Trigger. Once voting has opened, text, times, thresholds and frozen power of a proposal do not change, once it has closed neither does the result, and the row stays (proposal.frozen), whoever tries.';

revoke all on function governance.freeze_proposal() from public;
