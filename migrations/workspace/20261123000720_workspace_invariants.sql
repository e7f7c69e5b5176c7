-- Why: registers what must hold about the tables of this module, for "stoa doctor invariants".
-- Locks: none. Back: deletes the rows of this module.

-- Up Migration

insert into ops.invariants (name, module, description, query) values
  (
    'workspace.projects.owner',
    'workspace',
    'A live project has one member with the role owner, and that is who its row names.',
    $query$
      select
        project.id::text as subject,
        project.owner_id::text as expected,
        coalesce(counted.owners, 'nobody') as found
      from workspace.projects as project
      left join (
        select member.project_id, string_agg(member.user_id::text, ' ' order by member.user_id) as owners
        from workspace.project_members as member
        where member.role = 'owner'
        group by member.project_id
      ) as counted on counted.project_id = project.id
      where project.deleted_at is null
        and counted.owners is distinct from project.owner_id::text
    $query$
  ),
  (
    'workspace.projects.last_task_number',
    'workspace',
    'A project is never behind the highest number that one of its tasks has. It may be ahead: deleted tasks are purged, and their numbers are not given again.',
    $query$
      select
        project.id::text as subject,
        'at least ' || highest.number as expected,
        project.last_task_number::text as found
      from workspace.projects as project
      join (
        select task.project_id, max(task.number) as number from workspace.tasks as task group by task.project_id
      ) as highest on highest.project_id = project.id
      where project.last_task_number < highest.number
    $query$
  ),
  (
    'workspace.tasks.tree',
    'workspace',
    'A live task stands by itself, or is a part of live tasks up to one that does: never of a deleted one, never in a circle.',
    $query$
      with recursive standing (project_id, id) as (
        select task.project_id, task.id
        from workspace.tasks as task
        where task.parent_id is null and task.deleted_at is null
        union all
        select part.project_id, part.id
        from standing
        join workspace.tasks as part on part.project_id = standing.project_id and part.parent_id = standing.id
        where part.deleted_at is null
      )
      select task.id::text as subject, 'a part of live tasks' as expected, 'a part of ' || task.parent_id as found
      from workspace.tasks as task
      where task.deleted_at is null
        and task.parent_id is not null
        and not exists (select from standing where standing.id = task.id)
    $query$
  ),
  (
    'workspace.documents.tree',
    'workspace',
    'A live page stands at the top, or under live pages up to one that does: never under a deleted one, never in a circle.',
    $query$
      with recursive standing (project_id, id) as (
        select page.project_id, page.id
        from workspace.documents as page
        where page.parent_id is null and page.deleted_at is null
        union all
        select below.project_id, below.id
        from standing
        join workspace.documents as below on below.project_id = standing.project_id and below.parent_id = standing.id
        where below.deleted_at is null
      )
      select page.id::text as subject, 'under live pages' as expected, 'under ' || page.parent_id as found
      from workspace.documents as page
      where page.deleted_at is null
        and page.parent_id is not null
        and not exists (select from standing where standing.id = page.id)
    $query$
  );

-- Down Migration

delete from ops.invariants where module = 'workspace';
