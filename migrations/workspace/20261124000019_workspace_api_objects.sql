-- Why: arguments and results have names and descriptions in the API.
-- Changed: workspace.create_project.
-- Locks: none on tables.
-- Back: the text that each object had before; what is new is dropped. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: workspace/functions/create_project.sql
create or replace function workspace.create_project(
  p_name text,
  p_project_key text,
  p_group_id uuid default null,
  p_visibility text default 'members',
  p_description text default null,
  p_starts_on date default null,
  p_due_on date default null
)
returns workspace.projects
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  project workspace.projects;
begin
  perform core.require_unrestricted('posting');
  project.name := core.clean_text(p_name, 150);
  project.key := upper(core.clean_text(p_project_key, 10));
  project.description := core.clean_text(p_description, 5000, false);
  project.group_id := p_group_id;
  project.status := 'active';
  project.visibility := p_visibility;
  project.starts_on := p_starts_on;
  project.due_on := p_due_on;
  perform workspace.check_project(project);
  perform workspace.check_group(p_group_id);
  perform workspace.check_owned_limit(me);
  begin
    insert into workspace.projects (group_id, owner_id, key, name, description, visibility, starts_on, due_on)
    values (
      p_group_id, me, project.key, project.name, project.description, project.visibility, project.starts_on, project.due_on
    )
    returning * into project;
  exception
    when unique_violation then perform core.fail('project.key_taken');
  end;
  insert into workspace.project_members (project_id, user_id, role) values (project.id, me, 'owner');
  return project;
end
$$;

comment on function workspace.create_project(text, text, uuid, text, text, date, date) is
  E'@argument project_key Stands before the numbers of its tasks: letters and digits.\nCreates a project that the caller owns and takes part in. Its key (2 to 10 letters and digits, made capital) begins the numbers of its tasks. In a group it needs SEND_MESSAGES there (group.unknown, group.not_allowed). Refuses somebody barred from posting (account.activity_barred), project.key_invalid, project.key_taken (among the caller''s own), project.visibility_invalid, project.dates_invalid, and more projects than one may own (project.limit_reached). Limits: name 150 characters, description 5,000.';

revoke all on function workspace.create_project(text, text, uuid, text, text, date, date) from public;
grant execute on function workspace.create_project(text, text, uuid, text, text, date, date) to stoa_member;

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: workspace/functions/create_project.sql
create or replace function workspace.create_project(
  p_name text,
  p_project_key text,
  p_group_id uuid default null,
  p_visibility text default 'members',
  p_description text default null,
  p_starts_on date default null,
  p_due_on date default null
)
returns workspace.projects
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  project workspace.projects;
begin
  perform core.require_unrestricted('posting');
  project.name := core.clean_text(p_name, 150);
  project.key := upper(core.clean_text(p_project_key, 10));
  project.description := core.clean_text(p_description, 5000, false);
  project.group_id := p_group_id;
  project.status := 'active';
  project.visibility := p_visibility;
  project.starts_on := p_starts_on;
  project.due_on := p_due_on;
  perform workspace.check_project(project);
  perform workspace.check_group(p_group_id);
  perform workspace.check_owned_limit(me);
  begin
    insert into workspace.projects (group_id, owner_id, key, name, description, visibility, starts_on, due_on)
    values (
      p_group_id, me, project.key, project.name, project.description, project.visibility, project.starts_on, project.due_on
    )
    returning * into project;
  exception
    when unique_violation then perform core.fail('project.key_taken');
  end;
  insert into workspace.project_members (project_id, user_id, role) values (project.id, me, 'owner');
  return project;
end
$$;

comment on function workspace.create_project(text, text, uuid, text, text, date, date) is
  'Creates a project that the caller owns and takes part in. Its key (2 to 10 letters and digits, made capital) begins the numbers of its tasks. In a group it needs SEND_MESSAGES there (group.unknown, group.not_allowed). Refuses somebody barred from posting (account.activity_barred), project.key_invalid, project.key_taken (among the caller''s own), project.visibility_invalid, project.dates_invalid, and more projects than one may own (project.limit_reached). Limits: name 150 characters, description 5,000.';

revoke all on function workspace.create_project(text, text, uuid, text, text, date, date) from public;
grant execute on function workspace.create_project(text, text, uuid, text, text, date, date) to stoa_member;

-- End of objects
