-- An object that no operator has seen has no status, or observedGeneration -1.
local hs = { status = "Progressing", message = "Waiting for the operator to see this generation" }
if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return hs
end

for _, condition in ipairs(obj.status.conditions or {}) do
  if condition.status == "True" and condition.type == "Stalled" then
    return { status = "Degraded", message = condition.reason .. ": " .. condition.message }
  end
  if condition.type == "Ready" then
    hs.status = condition.status == "True" and "Healthy" or "Progressing"
    hs.message = condition.reason .. ": " .. condition.message
  end
end
return hs
