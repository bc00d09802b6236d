-- An object that no operator has seen has no status, or observedGeneration -1.
local hs = { status = "Progressing", message = "Waiting for the operator to see this generation" }
if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return hs
end

local by_type = {}
for _, condition in ipairs(obj.status.conditions or {}) do
  by_type[condition.type] = condition
end

local function holds(name)
  return by_type[name] ~= nil and by_type[name].status == "True"
end

local function health(status, name)
  return { status = status, message = by_type[name].reason .. ": " .. by_type[name].message }
end

if holds("Stalled") then
  return health("Degraded", "Stalled")
end
if holds("Suspended") then
  return health("Suspended", "Suspended")
end
-- A retraining that waits for approval leaves the version in service as it is: that one is Healthy.
if holds("AwaitingApproval") and not holds("Ready") then
  return health("Suspended", "AwaitingApproval")
end
if holds("Reconciling") then
  return health("Progressing", "Reconciling")
end
if holds("Ready") then
  return health("Healthy", "Ready")
end
if by_type["Ready"] ~= nil then
  return health("Progressing", "Ready")
end
return hs
