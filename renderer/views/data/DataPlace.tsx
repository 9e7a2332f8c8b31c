// Data: what there is, how more comes in, and every tile of it.
import { useRoute } from "../../state/router.ts";
import { AddData } from "./add/AddData.tsx";
import { DataHome } from "./DataHome.tsx";
import { DatasetView } from "./DatasetView.tsx";

export default function DataPlace() {
  const { route } = useRoute();
  if (route.subject !== null) return <DatasetView key={route.subject} name={route.subject} />;
  return route.query.add === undefined ? <DataHome /> : <AddData />;
}
