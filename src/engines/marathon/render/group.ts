import { type App, app } from './app.ts';
import { type RenderInput, RenderScope } from './scope.ts';

/** A group of Marathon's (group.raml: GroupUpdate). */
export interface Group {
  readonly id: string;
  readonly groups?: readonly Group[];
  readonly apps?: readonly App[];
}

/**
 * A desired state as what Marathon takes with `PUT /v2/groups/NAME`: a group for the deployment, one in it for each service, an app for each component. Pure: the same
 * input gives the same bytes. No secret's value is in it. Tasks are not in it: Marathon has none.
 */
export function group(input: RenderInput): Group {
  const scope = new RenderScope(input);
  const id = `/${scope.desired.deployment}`;
  const services = Map.groupBy(scope.workloads, ({ service }) => service);
  const groups = [...services].map(
    ([service, workloads]): Group => ({
      id: `${id}/${service}`,
      apps: workloads.map((workload) => app(scope, workload)),
    }),
  );
  return { id, groups };
}
