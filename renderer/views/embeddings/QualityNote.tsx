// How far the picture can be trusted, in numbers beside it.
import { Table, Tooltip } from "@mantine/core";
import type { EmbeddingQuality, EmbeddingRecord, EmbeddingRef, ProjectionRecord } from "../../../shared/domain/embedding.ts";
import { errorText } from "../../state/errors.ts";
import { count, counted, percent } from "../../state/words.ts";
import classes from "./EmbeddingsView.module.css";
import { useQuality } from "./embedding-data.ts";

export interface QualityNoteProps {
  readonly embedding: EmbeddingRef;
  readonly record: EmbeddingRecord;
  readonly projection: ProjectionRecord;
  readonly by: string;
  readonly title: string;
}

export function QualityNote({ embedding, record, projection, by, title }: QualityNoteProps) {
  const quality = useQuality(embedding, projection, by);
  const measured = quality.data;
  return (
    <details className={classes.quality} aria-label="How far the picture can be trusted">
      <summary>{measured ? summaryOf(measured) : "How far the picture can be trusted"}</summary>
      <p>
        {counted(record.tiles, "tile")}
        {record.tilesInUse > record.tiles && ` of ${count(record.tilesInUse)}`}, {count(record.width)} features, step {count(record.step)}.{" "}
        {methodText(projection)}
      </p>
      {quality.isPending && <p role="status">Measuring how well {title} is separated</p>}
      {quality.error && <p>{errorText(quality.error).message}</p>}
      {measured && (
        <>
          <Table fz="xs" verticalSpacing={1} horizontalSpacing={6} withRowBorders={false}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{title}</Table.Th>
                <Table.Th>features</Table.Th>
                <Table.Th>picture</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              <Table.Tr>
                <Table.Td>
                  <Tooltip
                    label={`Of each group, the share whose ${measured.neighbours} nearest tiles are mostly of it; mean over the groups`}
                  >
                    <span>k-NN accuracy (chance {(1 / measured.classes).toFixed(2)})</span>
                  </Tooltip>
                </Table.Td>
                <Table.Td>{measured.features.accuracy.toFixed(2)}</Table.Td>
                <Table.Td>{measured.picture.accuracy.toFixed(2)}</Table.Td>
              </Table.Tr>
              <Table.Tr>
                <Table.Td>
                  <Tooltip label="From -1 to 1: 0 where groups lie across each other">
                    <span>Silhouette</span>
                  </Tooltip>
                </Table.Td>
                <Table.Td>{signed(measured.features.silhouette)}</Table.Td>
                <Table.Td>{signed(measured.picture.silhouette)}</Table.Td>
              </Table.Tr>
            </Table.Tbody>
          </Table>
          <p>
            The picture keeps {percent(measured.kept)} of the {measured.neighbours} nearest neighbours that tiles have in the features (
            {counted(measured.points, "tile")} compared).
          </p>
        </>
      )}
    </details>
  );
}

/** The line that always stands. */
const summaryOf = ({ features, picture, classes: groups, kept }: EmbeddingQuality) =>
  `k-NN accuracy ${features.accuracy.toFixed(2)} in the features, ${picture.accuracy.toFixed(2)} in the picture (chance ${(1 / groups).toFixed(2)}); ${percent(kept)} of neighbours kept`;

const signed = (value: number) => `${value < 0 ? "−" : ""}${Math.abs(value).toFixed(2)}`;

function methodText({ method, explained, recall }: ProjectionRecord): string {
  const sum = explained.reduce((total, share) => total + share, 0);
  if (method.kind === "pca")
    return `The axes hold ${explained.map(percent).join(" and ")} of the variance; distances are true in the plane, ${percent(Math.max(0, 1 - sum))} of the variance is not seen.`;
  const found = recall === null || recall === 1 ? "" : `; ${percent(recall)} of true neighbours were found`;
  return `Neighbours by cosine in ${explained.length} dimensions (${percent(Math.min(1, sum))} of the variance)${found}. UMAP keeps who is near to whom: sizes of groups and distances between them tell nothing.`;
}
