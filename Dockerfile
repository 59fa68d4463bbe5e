# The page in a container: docker build -t posterbeat . && docker run --rm -p 7860:7860 posterbeat
# The tests check what this file copies and installs; they build no image.
FROM python:3.11-slim

WORKDIR /app
COPY packages.txt requirements.txt constraints.txt ./
RUN apt-get update && apt-get install -y --no-install-recommends $(cat packages.txt) && rm -rf /var/lib/apt/lists/*
# PyTorch without CUDA is a tenth of the size, and nothing here uses a GPU.
RUN grep -E '^torch(vision)?==' constraints.txt > torch.txt && \
    pip install --no-cache-dir --index-url https://download.pytorch.org/whl/cpu -r torch.txt && \
    pip install --no-cache-dir -c constraints.txt -r requirements.txt
COPY LICENSE README.md SECURITY.md app.py ./
COPY posterbeat posterbeat
COPY weights weights
COPY examples/posters examples/posters
COPY examples/soundtracks examples/soundtracks
COPY docs docs
COPY benchmarks/chart.svg benchmarks/chart.svg
COPY train/README.md train/README.md

RUN useradd --create-home listener
USER listener
ENV GRADIO_SERVER_NAME=0.0.0.0 GRADIO_SERVER_PORT=7860
EXPOSE 7860
CMD ["python", "app.py"]
