create or replace function tracker.save_bonus_rule(
  p_name text,
  p_event text,
  p_amount numeric,
  p_period text default 'hour',
  p_conditions jsonb default '{}',
  p_max_per_period numeric default null,
  p_description text default null,
  p_starts_at timestamptz default null,
  p_ends_at timestamptz default null,
  p_is_active boolean default true,
  p_rule_id uuid default null
)
returns tracker.bonus_rules
language plpgsql
volatile
-- Clients have no right to write rules; who may is decided here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('admin');
  title constant text := core.clean_text(p_name, 100);
  words constant text := core.clean_text(p_description, 2000, false);
  before tracker.bonus_rules;
  rule tracker.bonus_rules;
begin
  if p_event is null
    or p_event not in ('seeding', 'upload_approved', 'request_filled', 'comment', 'forum_post', 'achievement')
    or p_period is null
    or p_period not in ('once', 'hour', 'day')
    or coalesce(round(p_amount, 4) <= 0 or p_amount >= 1e9, true)
    or coalesce(round(p_max_per_period, 4) <= 0 or p_max_per_period >= 1e9, false)
    or coalesce(p_ends_at <= p_starts_at, false)
    or p_is_active is null
    or coalesce(jsonb_typeof(p_conditions) <> 'object', true)
  then
    perform core.fail('bonus.rule_invalid');
  end if;
  if exists (
    select
    from jsonb_each(p_conditions) as condition
    where case p_event
        when 'seeding' then
          condition.key not in ('min_seeders', 'max_seeders', 'min_size_bytes', 'min_age_days', 'min_seed_seconds')
        when 'upload_approved' then condition.key <> 'min_size_bytes'
        else true
      end
       or condition.value::text !~ '^[0-9]{1,15}$'
       or (condition.key in ('min_seeders', 'max_seeders', 'min_age_days') and length(condition.value::text) > 6)
  ) then
    perform core.fail('bonus.rule_invalid');
  end if;

  begin
    if p_rule_id is null then
      insert into tracker.bonus_rules (
        name, description, event, conditions, amount, period, max_per_period, is_active, starts_at, ends_at
      )
      values (
        title, words, p_event, p_conditions, p_amount, p_period, p_max_per_period, p_is_active, p_starts_at, p_ends_at
      )
      returning * into rule;
    else
      select * into before from tracker.bonus_rules as known where known.id = p_rule_id for no key update;
      if not found then
        perform core.fail('bonus.rule_unknown');
      end if;
      update tracker.bonus_rules as known
      set name = title,
          description = words,
          event = p_event,
          conditions = p_conditions,
          amount = p_amount,
          period = p_period,
          max_per_period = p_max_per_period,
          is_active = p_is_active,
          starts_at = p_starts_at,
          ends_at = p_ends_at
      where known.id = p_rule_id
      returning * into rule;
    end if;
  exception
    when unique_violation then
      perform core.fail('bonus.rule_name_taken');
  end;
  perform audit.record(
    'save_bonus_rule', 'tracker.bonus_rules', rule.id,
    case when before.id is not null then to_jsonb(before) end, to_jsonb(rule)
  );
  return rule;
end
$$;

comment on function tracker.save_bonus_rule(text, text, numeric, text, jsonb, numeric, text, timestamptz, timestamptz, boolean, uuid) is
  E'@argument rule_id Identifier of the BonusRule to write anew; left out: a new one.\nAdministrators only: makes a rule that earns points, or writes one anew. Conditions, whole numbers, of seeding: min_seeders, max_seeders, min_size_bytes, min_age_days, min_seed_seconds; of upload_approved: min_size_bytes. Refuses bonus.rule_invalid, bonus.rule_unknown, bonus.rule_name_taken and an empty name. Audited. A rule that has paid stays: switch it off.';

revoke all on function tracker.save_bonus_rule(text, text, numeric, text, jsonb, numeric, text, timestamptz, timestamptz, boolean, uuid) from public;
grant execute on function tracker.save_bonus_rule(text, text, numeric, text, jsonb, numeric, text, timestamptz, timestamptz, boolean, uuid) to stoa_admin;
