export function ComparisonView() {
  return <p>Comparison</p>;
}
